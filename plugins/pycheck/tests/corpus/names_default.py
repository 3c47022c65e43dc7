def f(a=missing, b: Unknown = 1):
    return a, b


f()
