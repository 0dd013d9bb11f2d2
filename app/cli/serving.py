"""Commands that run for long: the site with its worker, the benchmark."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.cli import terminal


class Part(StrEnum):
    """What `serve` runs where it does not run all."""

    WEB = "web"
    WORKER = "worker"
    SANDBOX_WORKER = "sandbox-worker"


Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every network.")]
Port = Annotated[int, typer.Option(min=1, max=65535)]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer requests.")] = 1,
    only: Annotated[Part | None, typer.Option(help="Run the web, or a worker of background jobs, alone.")] = None,
) -> None:
    """Serve the site, and run its background jobs beside it."""
    from app.core.processes import end_on_signals, loading

    end_on_signals()
    with loading():
        from app import server
    if only in {Part.WORKER, Part.SANDBOX_WORKER}:
        server.run_worker(of_sandbox=only is Part.SANDBOX_WORKER)
        return
    sockets = server.listen(host, port)
    with loading():
        server.prepare_database()
        server.load_application()

    def tell() -> None:
        terminal.err.print(f"[bold]Engrenages[/] on http://{host}:{port} (stop with Ctrl+C)")

    server.run_web(sockets, workers, with_worker=only is None, tell=tell)


def bench(
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
    only: Annotated[str | None, typer.Option(help="Only the measures whose name begins so.")] = None,
    scale: Annotated[
        float, typer.Option(min=0.001, max=1, help="A part of the full size, for a quick look: not a result.")
    ] = 1.0,
) -> None:
    """Measure the promises of speed as ratios, and print them. Exit status 1 where one is not kept."""
    import json

    from app.bench import run_benchmarks

    results = run_benchmarks(terminal.progress_bar, only=only, scale=scale)
    rows = [
        (r.name, r.what, f"{r.ours_seconds:.3f}", f"{r.limit_seconds:.3f}", f"{r.ratio:.2f}", "✓" if r.kept else "✗")
        for r in results
    ]
    terminal.out.print(terminal.table("Benchmark", ("name", "what", "ours s", "limit s", "ratio", ""), rows, numbers=4))
    if json_file is not None:
        json_file.write_text(json.dumps({r.name: r.as_json() for r in results}, indent=2, ensure_ascii=False) + "\n")
    if not all(r.kept for r in results):
        raise typer.Exit(1)
