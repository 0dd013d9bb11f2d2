"""What the worker does by itself: jobs of dead workers are taken up again, old keys and finished jobs go."""

from procrastinate import JobContext

from app.core import jobs
from app.core.database import transaction
from app.core.idempotency import forget_old_keys
from app.core.quota import forget_old_windows

_FINISHED_JOBS_KEPT_HOURS = 24 * 30


@jobs.app.periodic(cron="* * * * *")
@jobs.app.task(name="core.retry_stalled_jobs", queueing_lock="core.retry_stalled_jobs", pass_context=True)
async def retry_stalled_jobs(context: JobContext, timestamp: int) -> None:
    """Every minute: run again the jobs whose worker was killed. At least once, then: jobs are idempotent."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs():
        await manager.retry_job(job)


@jobs.app.periodic(cron="17 3 * * *")
@jobs.app.task(name="core.clean_up", queueing_lock="core.clean_up", pass_context=True)
async def clean_up(context: JobContext, timestamp: int) -> None:
    """Every night: drop idempotency keys and counts of requests of the past, and jobs that ended well a month ago."""
    with transaction() as session:
        forget_old_keys(session)
        forget_old_windows(session)
    await context.app.job_manager.delete_old_jobs(nb_hours=_FINISHED_JOBS_KEPT_HOURS)
