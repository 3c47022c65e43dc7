"""Tools by a library that is not ours: PORT CLUSTER jobs|once; the cluster's token in the environment.

`jobs` are the six tools of the example for Lambda, `once` is a single one that waits, as the original's gateway has it.
"""

import json
import os
import sys
import time
from pathlib import Path

from fastmcp import FastMCP

sys.path.insert(0, str(Path(__file__).parents[3] / "examples/deploy/ray-gateway"))
port, os.environ["RAY_URLS"], kind = int(sys.argv[1]), sys.argv[2], sys.argv[3]

from handler import call  # noqa: E402

server = FastMCP("ray")

if kind == "jobs":

    @server.tool
    def target___submit_job(submission_id: str, code: str, output_path: str | None = None) -> dict:
        """Runs a program."""
        return call("submit_job", {"submission_id": submission_id, "code": code, "output_path": output_path})

    @server.tool
    def target___job_status(submission_id: str) -> dict:
        """How far it is."""
        return call("job_status", {"submission_id": submission_id})

    @server.tool
    def target___job_logs(submission_id: str, after: int | None = None) -> dict:
        """What it printed."""
        return call("job_logs", {"submission_id": submission_id, "after": after})

    @server.tool
    def target___stop_job(submission_id: str) -> dict:
        """Stops it."""
        return call("stop_job", {"submission_id": submission_id})

    @server.tool
    def target___list_jobs() -> dict:
        """All of them."""
        return call("list_jobs", {})

    @server.tool
    def target___cluster_status() -> dict:
        """The cluster."""
        return call("cluster_status", {})

else:

    @server.tool
    def target___validate_ray_code(code: str, ray_cluster_ip: str = "") -> str:
        """Runs a program and waits for it."""
        job = {"submission_id": f"once-{time.time_ns()}"}
        call("submit_job", job | {"code": code})
        while not (state := call("job_status", job))["ended"]:
            time.sleep(0.5)
        success = state["status"] == "SUCCEEDED"
        answer = {"success": success, "job_id": job["submission_id"], "status": state["status"]}
        answer["output"] = call("job_logs", job)["text"]
        return json.dumps(answer if success else answer | {"error": "Ray job failed"})


server.run(transport="http", host="127.0.0.1", port=port, show_banner=False, log_level="ERROR")
