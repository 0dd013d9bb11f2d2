"""Running programs on HiGHS (Huangfu and Hall, Math. Prog. Comp. 2018): quietly, within a time."""

import ctypes
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import highspy
import numpy as np

from app.sourcing.optimiser.model import Program

TOLERANCE = 1e-9  # thousands of packs hang on one yes or no
RELATIVE_GAP = 1e-6
_once, _banner = Lock(), list[bool]()
Progress = Callable[[float, float | None, float | None], None]  # seconds, best so far, bound


@dataclass(frozen=True)
class Outcome:
    """What a run found: the values of the columns (None without any), a bound on the cost, how it ended.

    `duals`: of a program without whole numbers, what one unit more on the right of each row would cost.
    """

    values: Sequence[float] | None
    duals: Sequence[float]
    cost: float
    bound: float
    is_infeasible: bool


def run(
    program: Program, seconds: float, *, threads: int = 1, gap: float = RELATIVE_GAP, tell: Progress | None = None
) -> Outcome:
    """Solve a program within a time, to within a gap.

    HiGHS keeps its helpers by calling thread: whoever calls again asks for as many `threads` as before.
    """
    _let_the_banner_pass()
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", threads)
    highs.setOptionValue("time_limit", max(float(seconds), 0.01))
    highs.setOptionValue("mip_rel_gap", gap)
    for name in ("mip_feasibility_tolerance", "primal_feasibility_tolerance"):
        highs.setOptionValue(name, TOLERANCE)
    highs.passModel(_as_lp(program))
    if tell is not None:
        highs.cbMipLogging.subscribe(lambda event: _tell(tell, event.data_out))
    highs.run()
    status, info = highs.getModelStatus(), highs.getInfo()
    has_values = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    bound = info.mip_dual_bound if any(program.whole) else info.objective_function_value
    return Outcome(
        values=highs.getSolution().col_value if has_values else None,
        duals=highs.getSolution().row_dual,
        cost=info.objective_function_value,
        bound=bound if np.isfinite(bound) else -np.inf,
        is_infeasible=status in {highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible},
    )


def _let_the_banner_pass() -> None:
    """HiGHS says its name once a process, on standard output, where our results go: let that be heard by nobody."""
    with _once:
        if _banner:
            return
        _banner.append(True)
        sys.stdout.flush()
        kept = os.dup(1)
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            highspy.Highs()  # type: ignore[no-untyped-call]
            ctypes.CDLL(None).fflush(None)
            os.dup2(kept, 1)
        os.close(kept)


def _tell(tell: Progress, data: highspy.cb.HighsCallbackOutput) -> None:
    found = (data.mip_primal_bound, data.mip_dual_bound)
    best, bound = (value if np.isfinite(value) and abs(value) < 1e100 else None for value in found)
    tell(data.running_time, best, bound)


def _as_lp(program: Program) -> highspy.HighsLp:
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(program.costs), len(program.row_lower)
    lp.col_cost_ = np.array(program.costs)
    lp.col_lower_, lp.col_upper_ = np.array(program.lower), np.array(program.upper)
    lp.row_lower_, lp.row_upper_ = np.array(program.row_lower), np.array(program.row_upper)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.array(program.starts)
    lp.a_matrix_.index_ = np.array(program.indices)
    lp.a_matrix_.value_ = np.array(program.values)
    kinds = highspy.HighsVarType
    lp.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in program.whole]
    return lp
