"""What a StatefulSet says of itself, and what is believed of it."""

import pytest

from flows.rescale.fleet import FleetError
from flows.rescale.statefulset import StatefulSet, ready_of, workers_of


def found(*, value="2", replicas=2, generation=3, **status):
    env = [{"name": "TOCSIN_SETTINGS", "value": "x"}, {"name": "TOCSIN__KAFKA__WORKERS", "value": value}]
    return {
        "metadata": {"name": "tocsin-job", "generation": generation},
        "spec": {
            "replicas": replicas,
            "template": {"spec": {"containers": [{"name": "side"}, {"name": "tocsin", "env": env}]}},
        },
        "status": {"observedGeneration": 3, "replicas": 2, "readyReplicas": 2, "updatedReplicas": 2, **status},
    }


class Kept:
    """A cluster that holds one StatefulSet, and what was asked to be changed of it."""

    namespace = "tocsin"

    def __init__(self, thing):
        self.thing, self.changes = thing, []

    def get(self, name):
        assert name == "tocsin-job"
        return self.thing

    def patch(self, name, change):
        assert name == "tocsin-job"
        self.changes.append(change)


@pytest.mark.parametrize(
    ("thing", "ready"),
    [
        (found(), 2),
        (found(generation=4), 0),  # the controller has not seen the last change
        (found(replicas=4), 0),  # pods are still made
        (found(replicas=1), 0),  # one is still going
        (found(updatedReplicas=1), 1),  # of an older form
        (found(readyReplicas=0), 0),
    ],
)
def test_only_pods_of_the_last_change_count_as_ready(thing, ready):
    assert ready_of(thing) == ready


@pytest.mark.parametrize(("thing", "running"), [(found(replicas=0), 2), (found(replicas=0, generation=4), 1)])
def test_pods_that_are_going_still_run(thing, running):
    assert StatefulSet(Kept(thing), "tocsin-job").running() == running


def test_replicas_and_their_variable_change_together():
    kept = Kept(found())
    StatefulSet(kept, "tocsin-job").start(4)
    told = {"name": "tocsin", "env": [{"name": "TOCSIN__KAFKA__WORKERS", "value": "4"}]}
    assert kept.changes == [{"spec": {"replicas": 4, "template": {"spec": {"containers": [told]}}}}]


def test_a_set_that_runs_no_workers_is_refused():
    with pytest.raises(FleetError, match="variable TOCSIN__KAFKA__WORKERS is 'x', no number"):
        workers_of(found(value="x"))
    thing = found()
    thing["spec"]["template"]["spec"]["containers"].pop()
    with pytest.raises(FleetError, match="it runs no workers"):
        workers_of(thing)
