import ftplib
import socket
import telnetlib
import urllib.request
import xmlrpc.client

urllib.request.urlopen("http://x")
socket.socket().bind(("0.0.0.0", 80))
ftplib.FTP("x")
telnetlib.Telnet("x")
print(xmlrpc.client)
