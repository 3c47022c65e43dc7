import subprocess

subprocess.run("ls -l", shell=True)
subprocess.Popen(["ls", "-l"])
subprocess.call("ls")
