import os

KEY = "AKIAIOSFODNN7EXAMPLE"
print(dict(os.environ), KEY)
