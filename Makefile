# Each target runs `python3 deploy/run.py TARGET`, which also works without make.
# Settings are variables: make up FRESH=1, make demo TRANSPORT=kafka, make test ARGS="-k sanggah".
PYTHON ?= python3
VERBS := up demo timeline invariants audit test check check-contracts prove mutants bench lock help

.DEFAULT_GOAL := help
.PHONY: $(VERBS)
$(VERBS):
	@exec $(PYTHON) deploy/run.py $@ $(ARGS)
