double = lambda x, *rest, y=2, **more: (x * y, rest, more)
print(sorted([3, 1], key=lambda v: -v), double(1))
