import io
import logging
import time

from restoration.execution import terminal_lines

JOBS = {1: ("download",), 2: ("train", "inpainting", "vae"), 3: ("train", "inpainting", "ae"), 4: ("report",)}


def told(watch, event, **fields) -> None:
    watch.emit(logging.makeLogRecord({"event": event, **fields}))


def end(watch, job, seconds, done, total=4) -> None:
    watch.started[job] = time.monotonic() - seconds
    told(watch, "job_finished", job_id=job)
    told(watch, "progress", done=done, total=total)


def test_a_line_for_each_job_that_ends_and_none_but_these():
    shown = io.StringIO()
    watch = terminal_lines.Watch(JOBS, shown)
    told(watch, "job_info", jobid=1)
    assert shown.getvalue() == ""
    end(watch, 1, 2, done=1)
    told(watch, "job_info", jobid=3)
    end(watch, 2, 10, done=2)
    end(watch, 3, 10, done=3)
    end(watch, 4, 1, done=4)
    assert shown.getvalue().splitlines() == [
        "1 of 4 jobs: download, 2.0 s",
        "2 of 4 jobs, 1 running, about 0:00:16 left: train inpainting vae, 10.0 s",
        "3 of 4 jobs: train inpainting ae, 10.0 s",
        "4 of 4 jobs: report, 1.0 s",
    ]


def test_what_is_left_is_shared_by_the_jobs_that_run_side_by_side():
    jobs = {number: ("train", str(number)) for number in range(6)}
    watch = terminal_lines.Watch(jobs, io.StringIO())
    assert watch.left() is None
    end(watch, 0, 10, done=1, total=6)
    watch.started = {1: time.monotonic() - 4, 2: time.monotonic() - 30}  # one for longer than was expected
    assert round(watch.left()) == (6 + 0 + 10 + 10 + 10) / 2


def test_jobs_and_groups_that_failed_are_no_longer_waited_for():
    watch = terminal_lines.Watch({number: ("train", str(number)) for number in range(5)}, io.StringIO())
    end(watch, 0, 10, done=1, total=5)
    for job in (1, 2, 3):
        told(watch, "job_info", jobid=job)
    told(watch, "job_error", jobid=1)
    told(watch, "group_error", job_error_info=[{"jobid": 2}, {"jobid": 3}])
    assert watch.started == {}
    assert watch.gone == {0, 1, 2, 3}
    assert round(watch.left()) == 10


def test_of_a_group_no_job_is_said_to_have_taken_as_long_as_all():
    shown = io.StringIO()
    watch = terminal_lines.Watch(JOBS, shown, grouped={2})
    end(watch, 2, 10, done=1)
    end(watch, 1, 2, done=2)
    of_group, alone = (line.partition(": ")[2] for line in shown.getvalue().splitlines())
    assert (of_group, alone) == ("train inpainting vae", "download, 2.0 s")


def test_silence_is_broken_until_it_is_over(monkeypatch):
    monkeypatch.setattr(terminal_lines, "SILENCE", 0.05)
    shown = io.StringIO()
    watch = terminal_lines.Watch(JOBS, shown)
    told(watch, "job_info", jobid=2)
    told(watch, "job_info", jobid=3)
    time.sleep(0.5)
    watch.over.set()
    lines = shown.getvalue().splitlines()
    assert len(lines) >= 2
    assert set(lines) == {"0 of 4 jobs, 2 running: at work on train x 2"}
    time.sleep(0.2)
    assert shown.getvalue().splitlines() == lines
