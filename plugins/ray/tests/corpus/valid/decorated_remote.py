
import ray

ray.init()


def blocking(remote_function):
    def call(*args, **kwargs):
        return ray.get(remote_function.remote(*args, **kwargs))

    return call


@blocking
@ray.remote
def add(a, b):
    return a + b


print(add(1, 2))
