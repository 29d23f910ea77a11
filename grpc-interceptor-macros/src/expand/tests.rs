use quote::quote;

use crate::{arguments::Arguments, errors::Errors, names_test, parse, snapshot};

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
    let expanded = [super::service(&service), names_test::expand(&service)];
    snapshot::check("service", expanded.into_iter().collect());
}
