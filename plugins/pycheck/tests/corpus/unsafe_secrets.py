import os

KEY = "AKIAIOSFODNN7EXAMPLE"
print(dict(os.environ), KEY)
password = "hunter2"
options = {}
options["password"] = "hunter2"


def connect(user, password="hunter2"):
    return user, password


connect("reader", password="hunter3")
