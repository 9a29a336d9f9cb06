"""A shop with known truth, of any size, for the demonstration, the tests and the benchmarks."""

from regulars.simulator.sizes import demo, sized
from regulars.simulator.stream import Simulated, simulate
from regulars.simulator.world import World

__all__ = ["Simulated", "World", "demo", "simulate", "sized"]
