import os
import shutil

os.remove("x")
shutil.rmtree("/")
open("x", "w").write("y")
os.chmod("x", 0o777)
