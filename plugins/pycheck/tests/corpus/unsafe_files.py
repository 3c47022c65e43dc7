import os
import shutil

os.remove("x")
shutil.rmtree("/")
open("x", "w").write("y")
