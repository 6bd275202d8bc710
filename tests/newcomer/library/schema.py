"""A library: what a newcomer writes over two services that this project has not seen before."""

import strawberry

from stolon import rest

catalog = rest.contract("catalog")
lending = rest.contract("lending")


@rest.type(catalog.schema("ReviewDto"), name="Review")
class Review:
    review_id: rest.auto
    stars: rest.auto
    text: rest.auto
    by: "Member | None" = rest.link(key="member_no")


@rest.type(
    catalog.schema("WorkDto"),
    name="Work",
    key="workId",
    one=catalog.op("WorksController_findOne"),
    many=catalog.op("WorksController_lookup", workIds=rest.keys, safe=True),
)
class Work:
    work_id: rest.auto
    title: rest.auto
    sub_title: rest.auto
    language: rest.auto
    isbn: str | None = rest.field(path="ISBN13")
    price: rest.auto = rest.field(path="priceEUR")
    authors: rest.auto
    pages: int | None = rest.field(path="dimensions.pageCount")
    reviews: "list[Review] | None" = rest.link(
        catalog.op(
            "ReviewsController_list",
            workId=rest.this("work_id"),
            paging=rest.by_cursor(cursor="page", next="nextPage", items="results"),
        )
    )

    @rest.field(needs=["title", "sub_title"])
    def full_title(self) -> str:
        return f"{self.title}: {self.sub_title}" if self.sub_title else str(self.title)


@rest.type(lending.schema("Loan"), key="loan_id")
class Loan:
    loan_id: rest.auto
    due_on: rest.auto
    returned: rest.auto
    work: Work | None = rest.link(key="work_id")
    member: "Member | None" = rest.link(key="member_no")


@rest.type(lending.schema("Member"), key="member_no", one=lending.op("getMember", pick="member"))
class Member:
    member_no: rest.auto
    name: rest.auto
    status: rest.auto
    email: str | None = rest.field(path="e-mail")
    loans: rest.Connection[Loan] | None = rest.connection(
        lending.op("pageOfLoans", memberNo=rest.this("member_no"))
    )
    all_loans: list[Loan] | None = rest.link(lending.op("pageOfLoans", memberNo=rest.this("member_no")))


@strawberry.type
class Query:
    work: Work | None = rest.query(catalog.op("WorksController_findOne"))
    works: rest.Connection[Work] | None = rest.connection(catalog.op("WorksController_search"))
    member: Member | None = rest.query(lending.op("GET /api/members/{memberNo}"))

    @strawberry.field
    async def favourite(self, info: rest.Info) -> Work | None:
        return await info.context.load(Work, 9007199254740993)


@strawberry.type
class Mutation:
    lend: Loan | None = rest.mutation(lending.op("lend"))
    give_back: bool | None = rest.mutation(lending.op("giveBack"))


schema = rest.Schema(query=Query, mutation=Mutation)
