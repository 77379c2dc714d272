"""Each open page hears of what is new, whoever else leaves meanwhile and however they are cut off."""

import asyncio

from flows.console.live import Live


class Store:
    """Differs each time a test says so."""

    version = 0

    def __call__(self):
        return self.version


async def words(live, heard):
    """Listen as a page does."""
    async for word in live._words():
        heard.append(word)


async def cut_off(task):
    """End a stream as a server does whose client is gone: again and again, until it is over."""
    for _ in range(1000):
        if task.done():
            return
        task.cancel()
        await asyncio.sleep(0)
    raise AssertionError("it goes on")


async def moments(seen):
    """Wait until something is seen."""
    for _ in range(1000):
        if seen():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("waited in vain")


def test_pages_that_go_away_disturb_none_that_come_in_the_same_moment():
    async def run():
        live, open_now = Live(Store()), []
        for count in range(1, 40):
            leaving = [asyncio.create_task(cut_off(one)) for one in open_now]
            open_now = []
            for _ in range(count % 5 + 1):
                open_now.append(asyncio.create_task(words(live, [])))
                await asyncio.sleep(0)
            await asyncio.gather(*leaving)
            await moments(lambda: live._open == len(open_now))  # noqa: B023 - asked at once
            assert not any(one.done() for one in open_now), [one.exception() for one in open_now if one.done()]
        await live.end()
        await asyncio.gather(*open_now)

    asyncio.run(run())


def test_where_nothing_is_new_a_page_hears_that_the_console_is_there(monkeypatch):
    monkeypatch.setattr("flows.console.live.CALM", 0.01)
    monkeypatch.setattr("flows.console.live.REST", 0.0)

    async def run():
        heard = []
        live = Live(Store())
        stays = asyncio.create_task(words(live, heard))
        await moments(lambda: len(heard) > 4)
        await live.end()
        await stays

    asyncio.run(run())
