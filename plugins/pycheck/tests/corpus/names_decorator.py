@unknown
def f():
    pass


f()
