"""Mailboxes: who waits for commands is woken once nothing comes any more, and nobody waits after that."""

import asyncio

from lifang.doors.api.mailboxes import Mailboxes


def test_whoever_waits_is_woken_at_the_end_and_nobody_waits_after_it() -> None:
    async def wait(mailboxes: Mailboxes) -> bool:
        with mailboxes.waiting("lamp-1") as arrived:
            asyncio.get_running_loop().call_later(0.01, mailboxes.end)
            await asyncio.wait_for(arrived.wait(), 10)
        with mailboxes.waiting("lamp-1") as arrived:
            return arrived.is_set()

    assert asyncio.run(wait(Mailboxes()))
