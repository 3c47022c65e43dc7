
import hashlib
import time
import ray

ray.init()
URLS = [f"https://example.com/page/{i}" for i in range(8)]


@ray.remote
def fetch(url):
    time.sleep(0.05)
    return url, hashlib.sha256(url.encode()).hexdigest()[:8]


for url, digest in ray.get([fetch.remote(u) for u in URLS]):
    print(url, digest)
