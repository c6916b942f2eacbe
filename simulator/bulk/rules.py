"""What Shopify demands of a bulk query's text; each broken rule gives one user error."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_list_type,
    parse,
    validate,
    visit,
)

from simulator.schema import AdminSchema

MAX_BYTES = 65_535
MAX_CONNECTIONS = 5
MAX_NESTING = 2


@dataclass
class _Watcher(Visitor):
    """Walks a document and notes every broken rule."""

    info: TypeInfo
    problems: list[str] = field(default_factory=list)
    connections: int = 0
    depth: list[str] = field(default_factory=list)
    lists: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def enter_field(self, node: FieldNode, *_: object) -> None:
        kind = self.info.get_type()
        if kind is None:
            return
        named = get_named_type(kind).name
        if named.endswith("Connection"):
            self._connection(node)
        elif (
            is_list_type(get_nullable_type(kind))
            and node.name.value not in ("edges", "nodes")
            and node.selection_set
        ):
            self.lists += 1

    def leave_field(self, node: FieldNode, *_: object) -> None:
        kind = self.info.get_type()
        if kind is None:
            return
        if get_named_type(kind).name.endswith("Connection"):
            self.depth.pop()
        elif (
            is_list_type(get_nullable_type(kind))
            and node.name.value not in ("edges", "nodes")
            and node.selection_set
        ):
            self.lists -= 1

    def _connection(self, node: FieldNode) -> None:
        name = node.name.value
        self.connections += 1
        self.depth.append(name)
        if self.lists:
            self.problems.append(
                "Queries that contain a connection field within a list field are not currently supported."
            )
        chosen = (
            {n.name.value for n in node.selection_set.selections if isinstance(n, FieldNode)}
            if node.selection_set
            else set()
        )
        if "nodes" in chosen:
            self.problems.append(
                f"The '{name}' connection must select 'edges {{ node }}': 'nodes' is not "
                "supported in bulk queries."
            )
        if len(self.depth) > MAX_NESTING + 1:
            self.problems.append(
                f"Bulk queries cannot contain connections nested more than {MAX_NESTING} levels deep."
            )


def problems_of(text: str, admin: AdminSchema) -> tuple[list[str], DocumentNode | None]:
    """(messages, document). The document is None when it does not parse or does not fit the schema."""
    if len(text.encode()) > MAX_BYTES:
        return [f"Query is too long: at most {MAX_BYTES} bytes are allowed."], None
    try:
        document = parse(text)
    except GraphQLError as error:
        return [f"Invalid bulk query: {error.message}"], None
    errors = validate(admin.schema, document)
    if errors:
        return [f"Invalid bulk query: {error.message}" for error in errors], None
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if len(operations) != 1 or operations[0].operation.value != "query":
        return ["Bulk queries must contain exactly one query operation."], None
    info = TypeInfo(admin.schema)
    watcher = _Watcher(info)
    visit(document, TypeInfoVisitor(info, watcher))
    return [
        *_root_problems(operations[0]),
        *watcher.problems,
        *_counts(watcher),
        *_missing_ids(document),
    ], document


def _root_problems(operation: OperationDefinitionNode) -> list[str]:
    fields = [n for n in operation.selection_set.selections if isinstance(n, FieldNode)]
    problems = []
    if operation.variable_definitions:
        problems.append("Bulk queries cannot have variables.")
    if any(f.name.value in ("node", "nodes") for f in fields):
        problems.append("Bulk queries cannot contain the top-level 'node' or 'nodes' field.")
    if len(fields) != 1:
        problems.append("Bulk queries must contain exactly one top-level connection.")
    return problems


def _counts(watcher: _Watcher) -> list[str]:
    if watcher.connections == 0:
        return ["Bulk queries must contain at least one connection."]
    if watcher.connections > MAX_CONNECTIONS:
        return [f"Bulk queries cannot contain more than {MAX_CONNECTIONS} connections."]
    return []


def _missing_ids(document: DocumentNode) -> list[str]:
    """The parent of a nested connection must select its `id`."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    problems: list[str] = []
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            _check_ids(definition.selection_set, False, fragments, problems)
    return problems


def _flat(selections: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> list[FieldNode]:
    found: list[FieldNode] = []
    for node in selections.selections:
        if isinstance(node, FieldNode):
            found.append(node)
        elif isinstance(node, FragmentSpreadNode):
            found += _flat(fragments[node.name.value].selection_set, fragments)
        elif isinstance(node, InlineFragmentNode):
            found += _flat(node.selection_set, fragments)
    return found


def _check_ids(
    selections: SelectionSetNode,
    is_node: bool,
    fragments: dict[str, FragmentDefinitionNode],
    problems: list[str],
) -> None:
    fields = _flat(selections, fragments)
    below = [(f.name.value, f.selection_set) for f in fields if f.selection_set]
    nested = any(g.name.value == "edges" for _, inner in below for g in _flat(inner, fragments))
    if is_node and nested and not any(f.name.value == "id" for f in fields):
        problems.append("The parent of a nested connection field must select the 'id' field.")
    for name, inner in below:
        _check_ids(inner, name == "node", fragments, problems)
