"""What may become of a finding where its fix alone is made, besides what is wrong then."""

CURED = "cured"
NOT_REACHED = "not reached"
OTHER_DEFECT = "another defect ends the run"
NOT_MEANT_TO_RUN = "what it means does not run"
OPEN = (NOT_REACHED, OTHER_DEFECT, NOT_MEANT_TO_RUN)
"""What leaves open whether a finding is cured: no run shows what follows."""
