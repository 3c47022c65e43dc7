async def numbers(n):
    for i in range(n):
        yield i


async def main():
    async for i in numbers(3):
        print(i)
    return [i async for i in numbers(2)]


print(main)
