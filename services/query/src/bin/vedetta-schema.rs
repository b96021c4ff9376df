//! Prints the schema of the API; `make gen` writes it to web-ui/schema.graphql.

fn main() {
    print!("{}", vedetta_query::graphql::sdl());
}
