# Thin fronts of `python3 deploy/run.py VERB`, which works where make is missing.
# Settings travel by name: make up FRESH=1, make demo TRANSPORT=kafka, make test ARGS="-k sanggah".
PYTHON ?= python3
VERBS := up demo life invariants test check bench lock help

.DEFAULT_GOAL := help
.PHONY: $(VERBS)
$(VERBS):
	@exec $(PYTHON) deploy/run.py $@ $(ARGS)
