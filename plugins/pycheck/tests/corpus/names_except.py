try:
    pass
except MissingError:
    raise OtherError("x")
