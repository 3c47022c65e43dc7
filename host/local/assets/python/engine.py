"""Plain Python has nothing to start."""


def start():
    pass


def stop():
    pass


def describe(error):
    return {}
