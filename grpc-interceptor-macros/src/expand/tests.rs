//! What the macro writes, for people to read: `snapshot.txt`.
//!
//! `GRPC_INTERCEPTOR_OVERWRITE=1 cargo test -p grpc-interceptor-macros` writes it anew.

use std::{env, fs, path::Path};

use quote::quote;

use crate::{arguments::Arguments, errors::Errors, parse};

#[test]
fn the_expansion_is_that_of_the_snapshot() {
    let arguments: Arguments = syn::parse2(quote!(log, Auth::new())).unwrap();
    let item = quote! {
        impl greeter_server::Greeter for MyGreeter {
            async fn say_hello(
                &self,
                request: Request<HelloRequest>,
            ) -> Result<Response<HelloReply>, Status> {
                self.greet(request).await
            }

            type SayHellosStream = HelloStream;

            async fn say_hellos(
                &self,
                request: Request<Streaming<HelloRequest>>,
            ) -> Result<Response<Self::SayHellosStream>, Status> {
                self.greet_all(request).await
            }
        }
    };
    let mut errors = Errors::default();
    let service = parse::service(arguments, item, &mut errors);
    let service = service.unwrap_or_else(|| panic!("{:?}", errors.messages()));
    let expanded = syn2::parse2(super::service(&service)).expect("the expansion is Rust");
    let expanded = prettyplease::unparse(&expanded);

    let snapshot = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/expand/snapshot.txt");
    if env::var_os("GRPC_INTERCEPTOR_OVERWRITE").is_some() {
        fs::write(&snapshot, &expanded).unwrap();
    }
    let snapshot = fs::read_to_string(&snapshot).unwrap();
    assert!(
        expanded == snapshot,
        "the expansion is another than in src/expand/snapshot.txt. Where it should be, run this \
         test with GRPC_INTERCEPTOR_OVERWRITE=1 and read the difference. It is now:\n\n{expanded}"
    );
}
