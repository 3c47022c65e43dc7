def f():
    inner = 1
    return inner


print(inner, f())
