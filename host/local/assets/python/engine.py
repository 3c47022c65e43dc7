"""Plain Python has nothing to start."""


def start(settings):
    pass


def warm_up():
    pass


def begin(run):
    pass


def stop():
    pass


def describe(error):
    return {}
