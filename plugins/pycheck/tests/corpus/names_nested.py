def outer():
    def inner():
        return undefined_thing + value

    value = 1
    return inner


outer()
