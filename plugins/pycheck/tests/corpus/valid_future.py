from __future__ import annotations


def build(node: Node) -> Node | None:
    return node.parent


class Node:
    parent: Node | None = None


print(build(Node()))
