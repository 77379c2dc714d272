"""Until when a shield that was set by command holds."""

import pytest

from operators.model.shield import ShieldDocument

END = 1000


def shield(end=END, ended=None):
    return ShieldDocument(id="s", time=1, shield={"end_time": end}, ended=ended)


@pytest.mark.parametrize(
    ("document", "now", "is_over"),
    [
        (shield(), END, False),
        (shield(), END + 0.9, False),
        (shield(), END + 1, True),
        (shield(ended=500), 499, False),
        (shield(ended=500), 500, True),
        (shield(ended=END + 5), END + 1, True),
        (shield("soon"), 1, True),
    ],
    ids=["its last second", "all of it", "behind it", "not yet ended", "ended", "ended when it was over", "no end"],
)
def test_a_shield_holds_through_its_last_second_but_not_in_that_in_which_it_was_ended(document, now, is_over):
    assert document.is_over(now) is is_over


@pytest.mark.parametrize(("end", "ended", "ends"), [(END, None, END), (END, 500, 500), (END, END + 5, END), ("", 7, 7)])
def test_the_earlier_of_its_end_and_of_being_ended_counts(end, ended, ends):
    assert shield(end, ended).ends == ends
