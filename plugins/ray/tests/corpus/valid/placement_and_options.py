# platform = "local"

import ray
from ray.util.placement_group import placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

ray.init()
group = placement_group([{"CPU": 1}], strategy="PACK")
ready, _ = ray.wait([group.ready()], timeout=30)
if not ready:
    raise RuntimeError("no room for the group")


@ray.remote(num_cpus=1)
def where() -> str:
    return ray.get_runtime_context().get_node_id()


strategy = PlacementGroupSchedulingStrategy(placement_group=group, placement_group_bundle_index=0)
nodes = {ray.get(where.options(scheduling_strategy=strategy, name="where").remote())}
nodes.add(ray.get(where.options(scheduling_strategy="SPREAD").remote()))
print(len(nodes), "nodes were used")
remove_placement_group(group)
