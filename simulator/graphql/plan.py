"""Compiles a GraphQL operation into a plan: which field of which type, with which arguments, under which key.

Shopify's schema has 3,500 types; what is not simulated must never come back as a silent null. Because the
plan is made before anything runs, such a field stops the whole request with an error that names it.
Access is decided here as well: a field that the token may not see becomes null (and its nearest nullable
parent when it may not be null), with an ACCESS_DENIED error beside the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
    is_list_type,
)
from graphql.execution.values import VariableValues, get_argument_values

from simulator.graphql.context import MUTATIONS, TYPES, GraphQLRefusal, Resolver
from simulator.graphql.paging import CONNECTION_FIELDS, EDGE_FIELDS
from simulator.schema import AdminSchema

ACCESS_DOCS = "https://shopify.dev/api/usage/access-scopes"
PROTECTED_DOCS = "https://shopify.dev/docs/apps/launch/protected-customer-data"


@dataclass
class PlannedField:
    """One selected field: response key, resolver, arguments and what is selected below it."""

    key: str
    name: str
    parent: str
    type_name: str
    arguments: dict[str, Any]
    resolver: Resolver | None
    is_list: bool = False
    is_connection: bool = False
    nullable: bool = True
    denied: bool = False
    # by concrete type name; one entry for an object type, several for an interface or union
    below: dict[str, Selection] = field(default_factory=dict)
    idempotency_key: str | None = None


@dataclass
class Selection:
    """The fields selected on one concrete type."""

    type_name: str
    fields: list[PlannedField] = field(default_factory=list)
    poisoned: bool = False


@dataclass
class Planner:
    """Compiles selections for one request. `errors` collects access errors."""

    admin: AdminSchema
    scopes: frozenset[str]
    fragments: dict[str, FragmentDefinitionNode]
    variables: VariableValues | None
    protected_data: bool = True
    errors: list[dict[str, Any]] = field(default_factory=list)

    def operation(self, node: OperationDefinitionNode) -> Selection:
        """The plan of a whole operation."""
        root = self.admin.schema.get_root_type(node.operation)
        assert root is not None
        return self.selection(root, [node.selection_set], [])

    def selection(self, kind: GraphQLObjectType, sets: list[SelectionSetNode], path: list[str]) -> Selection:
        """Plan of what `sets` select on the object type `kind`."""
        merged: dict[str, list[FieldNode]] = {}
        for node_set in sets:
            for node in self._fields(kind, node_set):
                merged.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
        selection = Selection(kind.name)
        for key, nodes in merged.items():
            planned = self._field(kind, key, nodes, [*path, key])
            selection.fields.append(planned)
            if planned.denied and not planned.nullable:
                selection.poisoned = True
        return selection

    def _fields(self, kind: GraphQLObjectType, node_set: SelectionSetNode) -> Iterator[FieldNode]:
        for node in node_set.selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                yield node
                continue
            if isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
                condition, inner = fragment.type_condition.name.value, fragment.selection_set
            else:
                assert isinstance(node, InlineFragmentNode)
                condition = node.type_condition.name.value if node.type_condition else kind.name
                inner = node.selection_set
            if self._applies(condition, kind):
                yield from self._fields(kind, inner)

    def _applies(self, condition: str, kind: GraphQLObjectType) -> bool:
        wanted = self.admin.schema.type_map[condition]
        if isinstance(wanted, (GraphQLInterfaceType, GraphQLUnionType)):
            return self.admin.schema.is_sub_type(wanted, kind)
        return wanted.name == kind.name

    def _included(self, node: Any) -> bool:
        for directive in node.directives or ():
            if directive.name.value in ("skip", "include"):
                definition = self.admin.schema.get_directive(directive.name.value)
                assert definition is not None
                value = get_argument_values(definition, directive, self.variables)["if"]
                if value == (directive.name.value == "skip"):
                    return False
        return True

    def _field(
        self, kind: GraphQLObjectType, key: str, nodes: list[FieldNode], path: list[str]
    ) -> PlannedField:
        node, name = nodes[0], nodes[0].name.value
        if name == "__typename":
            return PlannedField(
                key, name, kind.name, "String", {}, lambda c, objects, a: [kind.name] * len(objects)
            )
        definition = kind.fields[name]
        named = get_named_type(definition.type)
        inner = definition.type.of_type if isinstance(definition.type, GraphQLNonNull) else definition.type
        planned = PlannedField(
            key,
            name,
            kind.name,
            named.name,
            get_argument_values(definition, node, self.variables),
            None,
            is_list=is_list_type(inner),
            is_connection=named.name.endswith("Connection"),
            nullable=not isinstance(definition.type, GraphQLNonNull),
            idempotency_key=self._idempotency_key(node),
        )
        planned.denied = self._denied(planned, path)
        if planned.denied:
            return planned
        planned.resolver = self._resolver(kind.name, name, path)
        if is_composite_type(named):
            sets = [n.selection_set for n in nodes if n.selection_set]
            for concrete in self._concrete(named):
                planned.below[concrete.name] = self.selection(concrete, sets, path)
            if any(selection.poisoned for selection in planned.below.values()):
                planned.denied = True
        return planned

    def _concrete(self, named: Any) -> list[GraphQLObjectType]:
        if isinstance(named, GraphQLObjectType):
            return [named]
        possible = self.admin.schema.get_possible_types(named)
        return [t for t in possible if t.name in TYPES]

    def _resolver(self, parent: str, name: str, path: list[str]) -> Resolver | None:
        if parent == "Mutation" and name in MUTATIONS:
            return None
        found = TYPES.get(parent, {}).get(name)
        if found is None and parent.endswith("Connection"):
            found = CONNECTION_FIELDS.get(name)
        if found is None and parent.endswith("Edge"):
            found = EDGE_FIELDS.get(name)
        if found is None:
            raise GraphQLRefusal(
                f"{parent}.{name} is not simulated (simulator/README.md lists what is).",
                "NOT_SIMULATED",
                path,
                typeName=parent,
                fieldName=name,
            )
        return found

    def _idempotency_key(self, node: FieldNode) -> str | None:
        for directive in node.directives or ():
            if directive.name.value == "idempotent":
                definition = self.admin.schema.get_directive("idempotent")
                assert definition is not None
                return str(get_argument_values(definition, directive, self.variables)["key"])
        return None

    def _denied(self, planned: PlannedField, path: list[str]) -> bool:
        owner = planned.parent
        if (owner, planned.name) in self.admin.protected_fields and not self._level_two():
            self._deny(
                f"This app is not approved to use the {planned.name} field. "
                f"See {PROTECTED_DOCS} for more details.",
                path,
                None,
            )
            return True
        type_name = planned.type_name.removesuffix("Connection")
        for key in ((owner, planned.name), (type_name, None)):
            rule = self.admin.scopes.get(key)
            if rule and not rule.met_by(self.scopes):
                self._deny(
                    f"Access denied for {planned.name} field. Required access: {rule.text}", path, rule.text
                )
                return True
        if type_name in ("Order", "LineItem", "Refund") and not self.protected_data:
            self._deny(
                f"This app is not approved to access the {type_name} object. See {PROTECTED_DOCS} "
                "for more details.",
                path,
                None,
            )
            return True
        return False

    def _level_two(self) -> bool:
        return False  # no simulated app has level-2 approval: such a field is always refused

    def _deny(self, message: str, path: list[str], required: str | None) -> None:
        extensions = {"code": "ACCESS_DENIED", "documentation": ACCESS_DOCS}
        if required:
            extensions["requiredAccess"] = required
        self.errors.append({"message": message, "path": path, "extensions": extensions})
