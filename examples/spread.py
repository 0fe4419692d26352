"""Grade a cohort folder with worker processes: spread.py COHORT OUTPUT [dask]."""

import sys
from contextlib import ExitStack
from pathlib import Path

from distributed import Client, LocalCluster

from vein2vein.engine.stream import grade_folder
from vein2vein.engine.workers import WorkerProcesses


def main(cohort: str, output: str, where: str = "here") -> None:
    """Grade with two processes of this program, or of a Dask cluster."""
    with ExitStack() as stack:
        if where == "dask":
            cluster = LocalCluster(n_workers=2, processes=True, host="127.0.0.1", dashboard_address=None)
            client = stack.enter_context(Client(stack.enter_context(cluster)))
            executor = stack.enter_context(client.get_executor())
        else:
            executor = stack.enter_context(WorkerProcesses(2))
        files = grade_folder(Path(cohort), ["astct-2019.crs"], Path(output), executor=executor)
    print(f"{files.courses} courses, {files.steps} steps")


if __name__ == "__main__":  # worker processes read this file again
    main(*sys.argv[1:])
