"""What the gateway sends, and what it is told that there is."""

import inspect
import json
import os
import re
import types

import handler
from fake_head import JOB, PROGRAM, job, Case

HERE = os.path.dirname(os.path.abspath(__file__))
RUST = os.path.join(HERE, "..", "..", "..", "host", "protocols", "src", "ray")


class Gateway(Case):
    def invoke(self, tool, event):
        custom = {
            "bedrockAgentCoreMessageVersion": "1.0",
            "bedrockAgentCoreAwsRequestId": "r",
            "bedrockAgentCoreMcpMessageId": "m",
            "bedrockAgentCoreGatewayId": "ray-gateway-a1b2c3",
            "bedrockAgentCoreTargetId": "ABCDEFGHIJ",
            "bedrockAgentCoreToolName": tool,
        }
        return handler.handler(event, types.SimpleNamespace(client_context=types.SimpleNamespace(custom=custom)))

    def test_an_event_is_the_arguments_and_the_context_names_the_tool(self):
        self.assertEqual(self.invoke("ray-target___cluster_status", {})["ray_version"], "2.60.0")
        self.assertEqual(self.invoke("ray-target___submit_job", PROGRAM)["new"], True)
        self.assertEqual(self.invoke("ray-target___job_status", JOB)["status"], "PENDING")
        self.assertEqual(self.invoke("job_status", JOB)["status"], "PENDING")
        self.assertEqual(self.invoke("ray-target___job_status", {})["error"]["kind"], "invalid")
        self.assertEqual(self.invoke("ray-target___call", {})["error"]["kind"], "not-found")

    def test_an_event_of_somebody_else_is_refused_with_words(self):
        for client in (None, types.SimpleNamespace(custom=None), types.SimpleNamespace(custom={})):
            told = handler.handler(JOB, types.SimpleNamespace(client_context=client))
            self.assertEqual(told["error"]["kind"], "not-found")

    def test_the_tools_are_those_that_the_handler_takes(self):
        with open(os.path.join(HERE, "tools.json"), encoding="utf-8") as file:
            tools = json.load(file)
        self.assertEqual({tool["name"] for tool in tools}, set(handler.TOOLS))
        self.assertEqual(len(tools), 6)
        kinds = {"string": "a", "integer": 1}
        for tool in tools:
            schema, takes = tool["inputSchema"], inspect.signature(handler.TOOLS[tool["name"]]).parameters
            self.assertEqual(list(schema["properties"]), list(takes), tool["name"])
            needed = [name for name, one in takes.items() if one.default is inspect.Parameter.empty]
            self.assertEqual(schema.get("required", []), needed, tool["name"])
            # All that the gateway's schemas have.
            self.assertLessEqual(set(schema), {"type", "properties", "required"})
            for one in schema["properties"].values():
                self.assertEqual(set(one), {"type", "description"})
            self.head.jobs["a"] = job("RUNNING")
            arguments = {name: kinds[one["type"]] for name, one in schema["properties"].items()}
            self.assertNotIn("error", handler.call(tool["name"], arguments), tool["name"])

    def test_the_tools_and_their_bounds_are_those_of_the_servers_own_gateway(self):
        own = ""
        for name in ("tools.rs", "log.rs"):
            with open(os.path.join(RUST, name), encoding="utf-8") as file:
                own += file.read().split("#[cfg(test)]")[0]
        with open(os.path.join(HERE, "tools.json"), encoding="utf-8") as file:
            tools = json.load(file)
        self.assertEqual(re.findall(r'\btool\(\s*"(\w+)"', own), [tool["name"] for tool in tools])
        written = own.replace("{MOST_JOBS}", str(handler.MOST_JOBS))
        for tool in tools:
            # With the version, which is not asked for here.
            self.assertIn(tool["description"].split(",")[0], written)
            for name, one in tool["inputSchema"]["properties"].items():
                self.assertIn(f'"{name}"', own)
                self.assertIn(json.dumps(one["description"]), own)
        bounds = dict(re.findall(r"const (MOST_JOBS|PIECE|FOLLOWED|TAIL): usize = (\d+(?: << \d+)?);", own))
        for name, bound in bounds.items():
            number, _, shift = bound.partition(" << ")
            self.assertEqual(getattr(handler, name), int(number) << int(shift or 0), name)
        self.assertEqual(len(bounds), 4)
