def kind(value):
    match value:
        case {"type": "a", **rest}:
            return rest
        case [first, *others]:
            return first, others
        case str() | bytes() as text:
            return text
        case Point(x=0, y=py):
            return py
        case _:
            return None


class Point:
    x: int = 0
    y: int = 0


print(kind([1]))
