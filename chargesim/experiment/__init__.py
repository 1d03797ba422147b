"""Study a scenario at many points: designs, runner, responses, judgement."""
