
import time
import ray

_model = None


def load_model():
    time.sleep(0.1)
    return {"weight": 3}


@ray.remote
def predict(x):
    global _model
    if _model is None:
        _model = load_model()
    return x * _model["weight"]


ray.init()
print(ray.get([predict.remote(i) for i in range(10)]))
