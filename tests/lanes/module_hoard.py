"""The part of the world's module that is about things of several kinds: unions and interfaces by discriminator, of
bound types and of generated ones, with links from their members.
"""

from __future__ import annotations

from typing import Final

HOARD: Final = '''
@strawberry.interface
class Vehicle:
    plate: str | None

    @strawberry.field
    def honk(self, info: rest.Info, times: int = 1) -> str | None:
        ran(info, "honk")
        return "honk " * times if self.plate else None

    @strawberry.field
    async def driver(self, info: rest.Info) -> Person | None:
        ran(info, "driver")
        return await info.context.load(Person, self.driver_id)


@rest.type(hoard.schema("Bond"))
class Bond:
    id: rest.auto
    rate: rest.auto
    issuer: Person | None = rest.link(key="issuer_id")
    claim: Claim | None = rest.link(key="claim_id")

    @rest.field(needs=["rate"])
    def worth(self, info: rest.Info) -> str | None:
        ran(info, "worth")
        return None if self.rate is None else f"{self.rate} %"


@rest.type(hoard.schema("Coin"))
class Coin:
    id: rest.auto
    weight: rest.auto = rest.field(scopes=["pii"])
    minted: rest.auto
    finder: Person | None = rest.link(key="owner_id")


@rest.type(hoard.schema("Deed"))
class Deed:
    id: rest.auto
    within: rest.auto
    claim: Claim | None = rest.link(hoard.op("getClaim", id=rest.this("claim_id")))
    beside: list[Asset] | None = rest.link(
        hoard.op("listHoldings", people=rest.each("owner_id")), group_by="owner_id"
    )


Asset = Annotated[Union[Bond, Coin, Deed], strawberry.union("Asset")]


@rest.type(hoard.schema("Car"))
class Car(Vehicle):
    plate: rest.auto
    seats: rest.auto
    spare: rest.auto


@rest.type(hoard.schema("Truck"))
class Truck(Vehicle):
    plate: rest.auto
    load: list[Asset | None] | None
    claim: Claim = rest.link(key="claim_id")


@rest.type(
    hoard.schema("Claim"), key="id", one=hoard.op("getClaim"), many=hoard.op("listClaims", ids=rest.keys)
)
class Claim:
    id: rest.auto
    main: Asset
    second: rest.auto
    every: list[Asset] | None = rest.field(path="all")
    rows: rest.auto
    ride: Vehicle | None
    claimant: Person | None = rest.link(key="claimant_id")
    above: Claim | None = rest.link(key="above_id")
    around: rest.Connection[Asset] | None = rest.connection(
        hoard.op("pageAssets", owner=rest.this("claimant_id"))
    )


@rest.extend(Person)
class PersonHoard:
    """What people own."""

    holdings: list[Asset] | None = rest.link(
        hoard.op("listHoldings", people=rest.each("id")), group_by="owner_id"
    )
    keepsake: Asset | None = rest.link(
        hoard.op("listHoldings", people=rest.each("id"), form="bond"), group_by="owner_id"
    )
    vault: rest.Connection[Asset] | None = rest.connection(hoard.op("pageAssets", owner=rest.this("id")))
    filed: rest.Connection[Claim] | None = rest.connection(hoard.op("listFiled", claimant=rest.this("id")))
    ride: Vehicle | None = rest.link(hoard.op("getRide", id=rest.this("id")))
    must_ride: Vehicle = rest.link(hoard.op("getRide", id=rest.this("boss_id")))
    rides: list[Vehicle] | None = rest.link(
        hoard.op("listRides", people=rest.each("id")), group_by="owner_id"
    )


async def assets_of(info, form):
    ran(info, "found")
    return await info.context.call(hoard.op("listAssets"), form=form)
'''
