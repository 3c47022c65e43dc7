import marshal
import pickle
import shelve

import dill
import pandas as pd

print(pickle.loads(b""), marshal.loads(b""), dill.loads(b""))
shelve.open("x")
pd.read_pickle("x")
