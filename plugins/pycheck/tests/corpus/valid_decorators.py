import functools
from dataclasses import dataclass, field


@dataclass
class Config:
    name: str = "x"
    tags: list[str] = field(default_factory=list)


def traced(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@traced
def run(config: Config) -> None:
    print(config.name)


run(Config())
