"""scenes: one file for each thing the city watches over: what it reads, when it warns, what it advises and shows.

A scene is a module with a frozen ``spec``, ``view(context, at)`` that changes nothing and ``run(context, moment)``
that evaluates its rules and writes its indicators; ``Plugins(lifang.scenes)`` finds it. One that must be quick also has
``watch(context, observations)``, which is given every committed observation within a tenth of a second.
Does not belong here: the machinery of alerts, indicators and forecasts (operations), the tables of a standard.
Reads the datastreams and writes the indicators and alerts that each ``spec`` names.
"""

from lifang.scenes.model import SceneContext, SceneResult, SceneSpec

__all__ = ["SceneContext", "SceneResult", "SceneSpec"]
