"""population: synthetic people, firms and what they hold (合成), made from published figures only.

Nobody in them is real: cells of sex, age and residence are fitted to the census and to the World Population Prospects
by iterative proportional fitting, and made whole persons. What is not published is an assumption that the card states.
Does not belong here: real persons; forecasts of a population; whose record is right (masterdata).
Reads ``census_2020``, ``population_by_age`` and ``streets``; writes ``synthetic_persons``, ``synthetic_households``,
``synthetic_legal_entities``, ``synthetic_housing_units``, ``synthetic_e_licences`` and ``synthetic_public_credit``.
"""

from lifang.population.fitting import Margin, fit, integerise
from lifang.population.synthesis import PERSONS_MAX, Synthesised, SyntheticPopulation

__all__ = ["PERSONS_MAX", "Margin", "Synthesised", "SyntheticPopulation", "fit", "integerise"]
