import subprocess as sp
from subprocess import check_output as out

sp.run(["/bin/ls"])
out("ls", shell=True)
