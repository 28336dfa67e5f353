"""What is told of the size and checksum of a file is true of the file that the next one gets, or nothing is told."""

from hashlib import sha256

from lifang.catalogue import Catalogue, FileFacts, write_rows

from .conftest import Add

_ROWS = "code,name\n1,东\n2,西\n"


def taken(catalogue: Catalogue, form: str) -> bytes:
    """Return the file as somebody takes it."""
    dataset = catalogue.dataset("x")
    rows = dataset.rows()
    names = [each.name for each in rows.columns]
    return b"".join(catalogue.files.measured(write_rows(rows.batches(names), form), dataset.release(), form))


def known(catalogue: Catalogue) -> dict[str, FileFacts]:
    return catalogue.files.of([catalogue.dataset("x").release()]).get("x", {})


def test_a_small_open_table_is_measured_unasked(catalogue: Catalogue, add: Add) -> None:
    add(_ROWS, classification="open")
    assert known(catalogue) == {}
    catalogue.files.measure(catalogue.dataset("x"))
    told = known(catalogue)["csv"]
    content = taken(catalogue, "csv")
    assert told == FileFacts(len(content), sha256(content).hexdigest())
    assert known(catalogue) == {"csv": told}


def test_what_is_not_open_is_not_measured_unasked(catalogue: Catalogue, add: Add) -> None:
    add(_ROWS, classification="shared")
    catalogue.files.measure(catalogue.dataset("x"))
    assert known(catalogue) == {}


def test_a_new_release_has_files_of_its_own(catalogue: Catalogue, add: Add) -> None:
    add(_ROWS, classification="open")
    first = taken(catalogue, "parquet")
    add(f"{_ROWS}3,南\n", classification="open")
    assert known(catalogue) == {}
    second = taken(catalogue, "parquet")
    assert known(catalogue)["parquet"].sha256 == sha256(second).hexdigest() != sha256(first).hexdigest()


def test_a_file_that_was_broken_off_or_that_states_its_own_time_is_not_told_of(catalogue: Catalogue, add: Add) -> None:
    add(_ROWS, classification="open")
    dataset = catalogue.dataset("x")
    pieces = catalogue.files.measured(iter([b"a", b"b"]), dataset.release(), "csv")
    next(pieces)
    pieces.close()  # type: ignore[attr-defined] # a generator, as what streams it knows
    taken(catalogue, "xlsx")
    assert known(catalogue) == {}
