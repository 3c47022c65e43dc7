# platform = "local"

from abc import ABC, abstractmethod

import ray


class Shape(ABC):
    def __init__(self, *sides: float):
        self.sides = sides

    @abstractmethod
    def area(self) -> float: ...

    def report(self) -> str:
        return f"{type(self).__name__}: {self.area():.2f}"


class Rectangle(Shape):
    def area(self) -> float:
        width, height = self.sides
        return width * height


class Square(Rectangle):
    def __init__(self, side: float):
        super().__init__(side, side)


ray.init()
RemoteRectangle, RemoteSquare = ray.remote(Rectangle), ray.remote(num_cpus=0)(Square)
shapes = [RemoteRectangle.remote(2, 3), RemoteSquare.remote(4)]
for line in ray.get([shape.report.remote() for shape in shapes]):
    print(line)
