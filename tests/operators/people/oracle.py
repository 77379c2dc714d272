"""A second opinion on rotations: plans made by walking the days one by one, as spec/notices.md 6.4 tells it."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from operators.rules.shapes.model import Duty, DutyArrangement, DutyTime


def teams_at(duty: Duty, zone: ZoneInfo, now: int, horizon: date) -> list[tuple[str, ...]]:
    """The teams on duty, by arrangement and then turn; plans reach to the horizon."""
    local = datetime.fromtimestamp(now, zone)
    text = local.strftime("%Y-%m-%d %H:%M:%S")
    near = [
        line for day in (local.date() - timedelta(days=1), local.date()) for line in by_day(duty, horizon)[str(day)]
    ]
    held = {place: team for place, team, start, end in near if f"{start}:00" <= text <= f"{end}:59"}
    return [held[place] for place in sorted(held) if duty.effective_time <= text]


@cache
def by_day(duty: Duty, horizon: date) -> dict[str, list[tuple[int, tuple[str, ...], str, str]]]:
    """The plans' work times by the date they begin on, each with the place of its plan."""
    lines = defaultdict(list)
    for place, (team, work_times) in enumerate(plans(duty, horizon)):
        for start, end in work_times:
            lines[start[:10]].append((place, team, start, end))
    return lines


def plans(duty: Duty, horizon: date) -> list[tuple[tuple[str, ...], list[tuple[str, str]]]]:
    """Every plan: a team and its work times as local texts."""
    made = []
    for arrangement in duty.duty_arranges:
        rows = [periods(duty, duty_time, horizon) for duty_time in arrangement.duty_time]
        if duty.category == "regular":
            times = [one for row in rows for period in row for one in period]
            made.append((tuple(user.id for user in arrangement.duty_users[0]), times))
            continue
        longest = max((len(row) for row in rows), default=0)
        turns = [
            row[column] if column < len(row) else []  # a turn beyond the horizon: it counts, and nobody sees it
            for column in range(longest)
            for row, duty_time in zip(rows, arrangement.duty_time, strict=True)
            if column < len(row) or duty_time.work_type != "date_range"
        ]
        made += list(zip(teams(arrangement, len(turns)), turns, strict=True))
    return made


def periods(duty: Duty, duty_time: DutyTime, horizon: date) -> list[list[tuple[str, str]]]:
    """The periods of one duty_time: each the work times of its days."""
    day = datetime.fromisoformat(duty.effective_time).date()
    last = horizon
    if duty.end_time:
        last = min(last, (datetime.fromisoformat(duty.end_time) - timedelta(microseconds=1)).date())
    size = duty_time.period_settings.duration if duty_time.period_settings else None
    found: list[list[tuple[str, str]]] = []
    current: list[date] = []
    while day <= last:
        tomorrow = day + timedelta(days=1)
        if valid(duty_time, day):
            current.append(day)
        over = len(current) == size if size else hands_over(duty_time, tomorrow)
        if current and over:
            found.append([one for each in current for one in work_times(duty_time, each)])
            current = []
        day = tomorrow
    if current:
        found.append([one for each in current for one in work_times(duty_time, each)])
    return found


def valid(duty_time: DutyTime, day: date) -> bool:
    match duty_time.work_type:
        case "daily":
            return True
        case "date_range":
            edges = [one.split("--") for one in duty_time.work_date_range]
            return any(first <= day.isoformat() <= last for first, last in edges)
        case "monthly":
            return day.day in work_days(duty_time)
        case _:
            return day.isoweekday() in work_days(duty_time)


def hands_over(duty_time: DutyTime, tomorrow: date) -> bool:
    match duty_time.work_type:
        case "daily":
            return True
        case "date_range":
            return any(one.startswith(tomorrow.isoformat()) for one in duty_time.work_date_range)
        case "monthly":
            return tomorrow.day == work_days(duty_time)[0]
        case _:
            return tomorrow.isoweekday() == work_days(duty_time)[0]


def work_days(duty_time: DutyTime) -> list[int]:
    if duty_time.work_time_type == "time_range":
        return list(duty_time.work_days)
    first, last = (int(edge.split()[0]) for edge in duty_time.work_time[0].split("--"))
    top = 31 if duty_time.work_type == "monthly" else 7
    if first < last:
        return list(range(first, last + 1))
    return [*range(first, top + 1), *range(1, last + 1)]


def work_times(duty_time: DutyTime, day: date) -> list[tuple[str, str]]:
    tomorrow = day + timedelta(days=1)
    if duty_time.work_time_type == "time_range":
        edges = [one.split("--") for one in duty_time.work_time]
        return [(f"{day} {start}", f"{tomorrow if start >= end else day} {end}") for start, end in edges]
    (first, start), (last, end) = (edge.split() for edge in duty_time.work_time[0].split("--"))
    number, next_number = (one.day if duty_time.work_type == "monthly" else one.isoweekday() for one in (day, tomorrow))
    begin = f"{day} {start}" if number == int(first) else f"{day} 00:00"
    if first == last:
        return [(begin, f"{tomorrow} {end}" if next_number == int(last) else f"{day} 23:59")]
    return [(begin, f"{day} {end}" if number == int(last) else f"{day} 23:59")]


def teams(arrangement: DutyArrangement, turns: int) -> list[tuple[str, ...]]:
    """The teams of the first turns, one after the other."""
    if arrangement.group_type == "specified":
        lists = [tuple(user.id for user in team) for team in arrangement.duty_users]
        return [lists[turn % len(lists)] for turn in range(turns)]
    people = [user.id for team in arrangement.duty_users for user in team]
    size, at, found = arrangement.group_number, 0, []
    for _ in range(turns):
        if len(people) < size:
            found.append(tuple(people))
            continue
        window = people[at : at + size]
        at += size
        if at >= len(people):
            at = size - len(window)
            window += people[:at]
        found.append(tuple(window))
    return found
