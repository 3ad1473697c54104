"""The rows of the results page: configurations, with reference numbers and their origin."""

from reproduction.rows.beyond import BEYOND, PHOTOGRAPHS
from reproduction.rows.class_completion import CLASS_OF_INCOMPLETE, HARDER_WITH_CLASS, WITH_CLASS
from reproduction.rows.classifiers import CLASSIFIERS
from reproduction.rows.completion import COMPLETION
from reproduction.rows.couplings import (
    ALL_INPUTS,
    COUPLINGS,
    DISTURBED_COUPLINGS,
    FLIPPED_COUPLINGS,
    STEPS,
)
from reproduction.rows.disturbed import DISTURBED
from reproduction.rows.memory import CAPACITY, DIGITS, LAWS, LOAD, MEMORY, RANDOM_MEMORY
from reproduction.rows.memory_load import RANDOM_BY_LOAD
from reproduction.rows.published import CONTROLS, DENSE, SPARSE
from reproduction.rows.rules import RULE_SECTIONS
from reproduction.rows.sparse_memory import SPARSE_MEMORY

SECTIONS = (
    SPARSE,
    DENSE,
    CONTROLS,
    COUPLINGS,
    ALL_INPUTS,
    DISTURBED,
    DISTURBED_COUPLINGS,
    FLIPPED_COUPLINGS,
    STEPS,
    CLASSIFIERS,
    COMPLETION,
    WITH_CLASS,
    HARDER_WITH_CLASS,
    CLASS_OF_INCOMPLETE,
    CAPACITY,
    BEYOND,
    PHOTOGRAPHS,
    RANDOM_MEMORY,
    RANDOM_BY_LOAD,
    LAWS,
    LOAD,
    MEMORY,
    SPARSE_MEMORY,
    DIGITS,
    *RULE_SECTIONS,
)
