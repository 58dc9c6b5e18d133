//! One test, both databases.

/// Writes the test over both databases: `async fn body(database: Database)`.
macro_rules! over_both {
    ($($(#[$meta:meta])* async fn $name:ident($database:ident: Database) $body:block)*) => {
        $(
            mod $name {
                use super::*;

                async fn contract($database: Database) $body

                #[test]
                $(#[$meta])*
                fn sqlite() {
                    crate::databases::on_sqlite(contract);
                }

                #[test]
                $(#[$meta])*
                fn postgres() {
                    crate::databases::on_postgres(contract);
                }
            }
        )*
    };
}
pub(crate) use over_both;
